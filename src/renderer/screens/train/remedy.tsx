import type { ObstacleRemedy, TrainPlan } from '../../../contract/train-settings.ts';
import type { ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { Button } from '../../components/ui/index.ts';
import { valueOf } from '../../state/loadable.ts';

interface RemedyProps {
  readonly remedy: ObstacleRemedy;
  readonly project: ProjectState;
  readonly plan: TrainPlan;
}

/** The button that leads to what takes an obstacle away. */
export function Remedy({ remedy, project, plan }: RemedyProps) {
  const { train, navigation, projects, models } = useActions();
  const list = valueOf(useAppState((state) => state.settings.models));
  switch (remedy) {
    case 'labels':
      return (
        <Button size="s" onClick={() => navigation.tab('label')}>
          Go to the labels
        </Button>
      );
    case 'take-over':
      return (
        <Button size="s" onClick={() => void projects.takeOver(project.id)}>
          Take over
        </Button>
      );
    case 'download': {
      const model = list?.find(({ id }) => id === plan.backbone.id);
      return model === undefined ? null : (
        <Button size="s" onClick={() => void models.fetch(model)}>
          Download {model.name}
        </Button>
      );
    }
    case 'backbone':
      return (
        <Button size="s" onClick={() => train.choose({ backbone: undefined })}>
          Take the usual backbone
        </Button>
      );
    case 'device':
      return (
        <Button size="s" onClick={() => train.choose({ device: 'auto' })}>
          Take the fastest device that works
        </Button>
      );
    case 'defaults':
      return (
        <Button size="s" onClick={train.reset}>
          Back to the default settings
        </Button>
      );
    default:
      return (
        <Button size="s" onClick={train.plan}>
          Look again
        </Button>
      );
  }
}
