import { Wrench } from 'lucide-react';
import type { AdviceFix } from '../../../contract/metrics.ts';
import { useActions, useApi, useDispatch } from '../../api/context.tsx';
import { Button } from '../ui/index.ts';
import { changesOf } from './changes-of.ts';

interface FixButtonProps {
  readonly fix: AdviceFix;
  readonly project: string;
  /** The run the advice is about, once there is one to look at. */
  readonly run?: string | undefined;
}

/** Does what advice says: changes the settings of the next training, or leads to where a person can do it. */
export function FixButton({ fix, project, run }: FixButtonProps) {
  const { train, navigation, judge } = useActions();
  const { toast } = useApi();
  const dispatch = useDispatch();
  const changes = changesOf(fix);
  const { go } = fix;
  if (changes !== undefined)
    return (
      <Button
        size="s"
        icon={Wrench}
        onClick={() => {
          train.enter(project);
          train.choose(changes);
          navigation.tab('train');
          toast({
            tone: 'success',
            title: 'The settings of the next training were changed.',
            detail: fix.label,
          });
        }}
      >
        {fix.label}
      </Button>
    );
  if (go === 'labels')
    return (
      <Button size="s" onClick={() => navigation.tab('label')}>
        {fix.label}
      </Button>
    );
  if (go === undefined || run === undefined) return null;
  return (
    <Button
      size="s"
      onClick={() => {
        judge.enter(project);
        dispatch(
          go === 'suspects'
            ? { type: 'judge/page', page: 'suspects' }
            : { type: 'judge/chosen', choice: { kind: 'mistakes' } },
        );
        navigation.tab('judge', run);
      }}
    >
      {fix.label}
    </Button>
  );
}
