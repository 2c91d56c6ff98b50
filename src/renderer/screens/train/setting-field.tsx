import { useEffect, useState } from 'react';
import type { SettingInfo } from '../../../contract/setting-info.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { Select, TextField } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';
import { parseSetting } from './settings-search.ts';

interface SettingFieldProps {
  readonly info: SettingInfo;
  /** Undefined: left to its default. */
  readonly value: string | number | readonly number[] | undefined;
  readonly onChange: (value: unknown) => void;
}

/** The control of one setting, by its kind. */
export function SettingField({ info, value, onChange }: SettingFieldProps) {
  if (info.kind === 'choice' || info.kind === 'model' || info.kind === 'device' || info.kind === 'block')
    return <Choice info={info} value={value} onChange={onChange} />;
  return <Typed info={info} value={value} onChange={onChange} />;
}

/** Stands for "left to its default" in a list, whose values can't be empty. */
const usual = '(default)';

function Choice({ info, value, onChange }: SettingFieldProps) {
  const options = useOptions(info);
  const chosen = value === undefined ? usual : String(value);
  const known = options.some((option) => option.value === chosen);
  return (
    <div className="train-field">
      <span className="ui-label" id={`setting-${info.key}`}>
        {info.label}
      </span>
      <Select
        label={info.label}
        labelledBy={`setting-${info.key}`}
        value={chosen}
        options={[
          { value: usual, label: 'Default' },
          ...options,
          ...(known || chosen === usual ? [] : [{ value: chosen, label: chosen }]),
        ]}
        onChange={(next) => onChange(next === usual ? undefined : next)}
      />
      <p className="ui-hint">{info.explanation}</p>
    </div>
  );
}

/** What can be chosen: of the setting itself, of this machine, or of the chosen backbone. */
function useOptions({
  kind,
  choices = [],
}: SettingInfo): readonly { readonly value: string; readonly label: string }[] {
  const { models: actions } = useActions();
  const models = valueOf(useAppState((state) => state.settings.models)) ?? [];
  const devices = valueOf(useAppState((state) => state.settings.devices))?.devices ?? [];
  const backbone = useAppState((state) => valueOf(state.train.plan)?.backbone);
  const details = useAppState((state) => state.settings.modelDetails);
  const wanted = kind === 'block' && backbone?.installed === true ? backbone.id : undefined;
  useEffect(() => {
    if (wanted !== undefined) void actions.details(wanted);
  }, [actions, wanted]);
  if (kind === 'model')
    return models.filter(({ installed }) => installed).map(({ id, name }) => ({ value: id, label: name }));
  if (kind === 'device')
    return [
      { value: 'auto', label: 'The fastest that passed its test' },
      ...devices.filter(({ state }) => state === 'ready').map(({ id, name }) => ({ value: id, label: name })),
    ];
  if (kind === 'block') {
    const found = wanted === undefined ? undefined : details.get(wanted);
    const blocks = found === undefined ? undefined : valueOf(found)?.blocks;
    return [
      { value: 'none', label: 'none: all of it is trained' },
      ...(blocks ?? []).map(({ name }) => ({ value: name, label: name })),
    ];
  }
  return choices;
}

function Typed({ info, value, onChange }: SettingFieldProps) {
  const shown = value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value);
  const [text, setText] = useState(shown);
  const [problem, setProblem] = useState<string>();
  const [last, setLast] = useState(shown);
  // Set back to its default from outside of this field.
  if (last !== shown) {
    setLast(shown);
    setText(shown);
    setProblem(undefined);
  }
  const type = (next: string): void => {
    setText(next);
    const parsed = parseSetting(info, next);
    if ('problem' in parsed) setProblem(parsed.problem);
    else {
      setProblem(undefined);
      setLast(
        parsed.value === undefined
          ? ''
          : Array.isArray(parsed.value)
            ? parsed.value.join(', ')
            : String(parsed.value),
      );
      onChange(parsed.value);
    }
  };
  return (
    <div className="train-field">
      <TextField
        label={info.label}
        value={text}
        onChange={type}
        hint={info.explanation}
        problem={problem}
        placeholder="default"
        inputMode={info.kind === 'text' ? 'text' : 'decimal'}
      />
    </div>
  );
}
