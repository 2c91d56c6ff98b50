/** The device a training computes on, and what becomes of the training when it is lost. */
import type { DeviceId } from '../../contract/devices.ts';
import type { JobEventBody, LostDevice, Stage } from '../../contract/job-events.ts';
import { whyLost } from '../../engine/devices/device-lost.ts';
import { deviceName } from '../../engine/devices/list-devices.ts';
import { leaveDevice } from '../../engine/train/tf.ts';
import { forgetDevice } from '../devices.ts';
import { mapped } from './bridge.ts';

/** What a device may be lost in the middle of. */
const doing: Partial<Record<Stage, string>> = {
  features: 'while features were computed',
  choose: 'while ways to regularize were compared',
  head: 'while the head was trained',
  finetune: 'while fine-tuning',
  export: 'while the saved model was checked',
};

export class TrainingDevice {
  #id: DeviceId;
  #lost: LostDevice | undefined;

  constructor(id: DeviceId) {
    this.#id = id;
  }

  /** What computes now: from a loss on, the processor. */
  get id(): DeviceId {
    return this.#id;
  }

  /** What the training began on, if that was lost. */
  get lost(): LostDevice | undefined {
    return this.#lost;
  }

  /** For people: what computes, and what did before. */
  get description(): string {
    if (this.#lost === undefined) return this.#id;
    const { device, stage } = this.#lost;
    return `${this.#id} (${device} was lost ${doing[stage] ?? `in the part "${stage}"`})`;
  }

  /**
   * Does a part of a training. When the device is lost meanwhile, that is told in a warning and the part is done on
   * the processor.
   *
   * @param stage that the part begins with
   * @param part lets go of all it holds on the device when it throws. `again`: it is to go on from the last
   *   checkpoint that it has written, or was itself going on from
   * @throws whatever the part throws for another reason than the device, or on the processor
   */
  async *use<Result>(
    stage: Stage,
    part: (device: DeviceId, again: boolean) => AsyncGenerator<JobEventBody, Result>,
    signal?: AbortSignal,
  ): AsyncGenerator<JobEventBody, Result> {
    const device = this.#id;
    let at: Position = { stage };
    try {
      return yield* mapped(part(device, false), (body) => {
        at = after(at, body);
        return body;
      });
    } catch (error) {
      const reason = whyLost(device, error);
      if (reason === undefined || signal?.aborted === true) throw error;
      this.#lost = { device, ...at, reason };
      this.#id = 'cpu';
    }
    await leaveDevice(device);
    await forgetDevice(device);
    yield { type: 'warning', message: tell(this.#lost), deviceLost: this.#lost };
    return yield* part(this.#id, true);
  }
}

/** How far a part is, and what it could go on from. */
type Position = Pick<LostDevice, 'stage' | 'progress' | 'checkpoint'>;

/** Where a part is once it has told this. */
function after(at: Position, body: JobEventBody): Position {
  switch (body.type) {
    case 'stage': {
      const { progress: _, ...rest } = at;
      return { ...rest, stage: body.stage, ...(body.from === undefined ? {} : { checkpoint: body.from }) };
    }
    case 'batch': {
      const { done, total, unit } = body;
      return { ...at, progress: { done, unit, ...(total === undefined ? {} : { total }) } };
    }
    case 'checkpoint':
      return { ...at, checkpoint: { epoch: body.epoch ?? 0, step: body.step } };
    default:
      return at;
  }
}

/** "The graphics card (WebGPU) was lost while fine-tuning, after at least 40 of 700 steps: ... Training goes on ..." */
function tell({ device, stage, progress, checkpoint, reason }: LostDevice): string {
  const name = deviceName(device).replace(/^Graphics/, 'graphics');
  const of = progress?.total === undefined ? '' : ` of ${progress.total}`;
  const far = progress === undefined ? '' : `, after at least ${progress.done}${of} ${progress.unit}`;
  const on =
    checkpoint === undefined
      ? 'There is no checkpoint of this part yet: it begins again, on the processor.'
      : `Training goes on from the last checkpoint (epoch ${checkpoint.epoch}, step ${checkpoint.step}) on the processor.`;
  return `The ${name} was lost ${doing[stage] ?? `in the part "${stage}"`}${far}: ${reason}. ${on}`;
}
