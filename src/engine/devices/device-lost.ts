/** Whether an error says that a device was lost: unplugged, out of memory, its driver restarted. */
import { DeviceError } from '../../backend/onnx/device-error.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { oneLine } from './explain.ts';

/**
 * What ONNX Runtime says when a graph, or what it is fed, is at fault. Devices and drivers have no end of words for
 * their own troubles, so everything else counts as theirs. An objection that is missed here is tried again on the
 * processor, which then fails for good.
 */
const graphAtFault =
  /\b(dimensions?|shapes?|ranks?|reshaped|broadcast\w*|data type|data bounds|invalid (input|feed|model|graph)|missing input|is missing in|not equal to kernel channels|(shape|type)inferenceerror|could not find an implementation)\b/i;

/** Of `@tensorflow/tfjs-node-gpu`: unknown (cuDNN), resource exhausted, aborted, internal (CUDA), unavailable. */
const tensorFlowLost = /Invalid TF_Status: (2|8|10|13|14)\b\s*(?:Message:\s*)?([^]*)/;

/** Names of nodes come before it, and may be anything. */
const nodePrefix = /^[^]*Status Message:\s*/;

/** Whether what ONNX Runtime threw on a device is the device's fault. @returns the reason, as one line */
function reasonOf(error: unknown): string | undefined {
  const message = (error instanceof Error ? error.message : String(error)).replace(nodePrefix, '');
  return graphAtFault.test(message) ? undefined : oneLine(message).replace(/\.$/, '');
}

/**
 * The error `device-lost` for what ONNX Runtime threw on a device; undefined when a graph is at fault, and for the
 * processor.
 */
export function deviceLost(device: DeviceId, cause: unknown): HolotypeError | undefined {
  const reason = device === 'cpu' ? undefined : reasonOf(cause);
  if (reason === undefined) return undefined;
  return new HolotypeError('device-lost', `The device "${device}" gave up: ${reason}.`, {
    remedy: 'Use --device cpu; `holotype devices` says what works here.',
    details: { device, reason },
    cause,
  });
}

/**
 * Why a device was lost.
 *
 * @param error that something threw which computes on the device
 * @returns what the device or its driver said; undefined when the error has another reason, and for the processor
 */
export function whyLost(device: DeviceId, error: unknown): string | undefined {
  if (device === 'cpu' || !(error instanceof Error)) return undefined;
  if (error instanceof HolotypeError) return error.code === 'device-lost' ? reasonOf(error.cause) : undefined;
  if (error instanceof DeviceError) return reasonOf(error.cause);
  const said = device === 'cuda-tfjs' ? tensorFlowLost.exec(error.message)?.[2] : undefined;
  return said === undefined ? undefined : oneLine(said).replace(/\.$/, '');
}
