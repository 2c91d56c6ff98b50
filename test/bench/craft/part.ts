/** A figure of craft: how good a help is, not how fast the machine. */
import type { Figure } from '../measure.ts';

/** One figure, and the seeds it is the mean or the worst of. */
export interface CraftFigure extends Figure {
  readonly seeds: readonly number[];
}

/** Where real photos and weights lie; undefined where they are not there. */
export interface CraftMaterial {
  readonly hymenoptera?: string;
  readonly flowers?: string;
  /** A folder of backbones, as HOLOTYPE_MODELS has it. */
  readonly weights?: string;
  /** The file of Inception-v3, where a person has it installed. */
  readonly inception?: string;
  /** A folder of this run's own, for what is written on the way. */
  readonly scratch: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A piece of the report that is measured, shown and saved by itself. */
export interface CraftPart {
  /** As `--only` names it. */
  readonly name: string;
  /** Real material without which it can't be measured. */
  readonly needs: readonly ('hymenoptera' | 'flowers' | 'weights' | 'inception')[];
  run(material: CraftMaterial): Promise<readonly CraftFigure[]>;
}
