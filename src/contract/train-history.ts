/** Options of trainings as older versions recorded them, in the words of today. */

/** A record of a run's configuration: options in full, and what a person chose of them. */
interface Recorded {
  readonly options?: unknown;
  readonly settings?: unknown;
}

/**
 * A run's recorded configuration as it is meant today. Until options had a schedule, the optimizer `sgd` was SGD with
 * momentum, which is `momentum` now.
 *
 * @param config as read from config.json, not yet checked
 */
export function currentConfig(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { options, settings }: Recorded = config;
  if (!isObject(options) || 'schedule' in options) return config;
  return {
    ...config,
    options: withMomentum(options),
    ...(isObject(settings) ? { settings: withMomentum(settings) } : {}),
  };
}

/** Settings whose words have another meaning than they once had say which version they are of. */
const settingsVersion = 2;

/** Settings as a project remembers them. */
export function remembered<T extends { optimizer?: string | undefined }>(
  settings: T,
): T & { version?: number } {
  return settings.optimizer === 'sgd' ? { ...settings, version: settingsVersion } : settings;
}

/** Remembered settings as they are meant today. @param saved not yet checked */
export function recalled(saved: unknown): unknown {
  return isObject(saved) && !('version' in saved) ? withMomentum(saved) : saved;
}

function withMomentum(options: object): object {
  return 'optimizer' in options && options.optimizer === 'sgd'
    ? { ...options, optimizer: 'momentum' }
    : options;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
