import type { AppSettings } from '../../../contract/app.ts';
import { deviceChoiceSchema, type DeviceInfo, type DeviceList } from '../../../contract/devices.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { useWhenConnected } from '../../api/use-connected.ts';
import { count } from '../../components/format.ts';
import { Badge, ErrorState, Select, Skeleton, type Option } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';

type Choice = AppSettings['device'];

/** What trains, what could, and why the rest can't. */
export function DeviceSettings({ settings }: { readonly settings: AppSettings }) {
  const { settings: actions } = useActions();
  const devices = useAppState((state) => state.settings.devices);
  useWhenConnected(actions.loadDevices);
  const list = valueOf(devices);
  return (
    <section className="settings-group" aria-labelledby="settings-device">
      <header>
        <div>
          <h2 id="settings-device">Device</h2>
          <p>What computes. Each one is tested against known answers before it is trusted.</p>
        </div>
        <Select
          label="Device"
          value={settings.device}
          options={optionsOf(list, settings.device)}
          onChange={(device) => void actions.change({ device })}
        />
      </header>
      {devices.status === 'failed' ? (
        <ErrorState small error={devices.error} onRetry={() => void actions.loadDevices()} />
      ) : list === undefined ? (
        <div role="status" className="devices-testing">
          <Skeleton height="132px" />
          <p>Trying each device. The first time takes up to a minute.</p>
        </div>
      ) : (
        <ul className="devices" aria-label="Devices">
          {list.devices.map((device) => (
            <Device key={device.id} device={device} auto={device.id === list.auto} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Device({ device, auto }: { readonly device: DeviceInfo; readonly auto: boolean }) {
  const { name, state, reason, remedy, speeds } = device;
  const training = speeds.find(({ workload }) => workload === 'training-step');
  return (
    <li>
      <p className="devices-name">
        <span>{name}</span>
        {auto ? <Badge tone="good">Taken by itself</Badge> : null}
        <span>
          <Badge tone={state === 'ready' ? 'good' : state === 'absent' ? 'neutral' : 'problem'}>
            {stateNames[state]}
          </Badge>
        </span>
      </p>
      {reason === undefined ? null : <p>{reason}</p>}
      {remedy === undefined ? null : <p className="muted">{remedy}</p>}
      {training === undefined ? null : (
        <p className="muted">Learns from {count(Math.round(training.imagesPerSecond))} photos a second.</p>
      )}
    </li>
  );
}

const stateNames: Readonly<Record<DeviceInfo['state'], string>> = {
  ready: 'Ready',
  absent: 'Not there',
  wrong: 'Computes wrongly',
  failed: 'Gave up',
  crashed: 'Crashed',
  hung: 'Does not answer',
};

/** What can be chosen: by itself, what is ready, and what was chosen although it is not ready now. */
function optionsOf(list: DeviceList | undefined, chosen: Choice): Option<Choice>[] {
  const ready = (list?.devices ?? []).filter(({ id, state }) => state === 'ready' || id === chosen);
  const options: Option<Choice>[] = [
    { value: 'auto', label: 'The fastest that works' },
    ...ready.map(({ id, name }) => ({ value: deviceChoiceSchema.parse(id), label: name })),
  ];
  return options.some(({ value }) => value === chosen)
    ? options
    : [...options, { value: chosen, label: chosen.toUpperCase() }];
}
