import { z } from 'zod';

/** A value that a setting can have; null leaves it to its default. */
export const searchValueSchema = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.array(z.number()),
  z.null(),
]);
export type SearchValue = z.infer<typeof searchValueSchema>;

const name = z.string().min(1).max(64);
/** Counts only where another parameter, named before it, has one of these values. */
const when = z.strictObject({ parameter: name, is: z.array(searchValueSchema).min(1) }).optional();
const range = {
  name,
  low: z.number(),
  high: z.number(),
  /** `log`: 0.001 to 0.01 is as wide as 0.01 to 0.1. */
  scale: z.enum(['linear', 'log']).default('linear'),
  when,
};

export const searchParameterSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('float'), ...range }),
  z.strictObject({ type: z.literal('int'), ...range }),
  z.strictObject({
    type: z.literal('choice'),
    name,
    choices: z.array(searchValueSchema).min(2).max(64),
    when,
  }),
]);
export type SearchParameter = z.infer<typeof searchParameterSchema>;

/** What a search may try: settings of a training by their names, each with its range or choices. */
export const searchSpaceSchema = z
  .strictObject({ parameters: z.array(searchParameterSchema).min(1).max(32) })
  .superRefine(({ parameters }, context) => {
    const known = new Map<string, SearchParameter>();
    for (const [index, parameter] of parameters.entries()) {
      const complain = (message: string): void =>
        context.addIssue({ code: 'custom', path: ['parameters', index], message });
      if (known.has(parameter.name)) complain(`"${parameter.name}" is named twice`);
      if (parameter.type !== 'choice') {
        const { low, high, scale } = parameter;
        if (!(low < high)) complain(`"${parameter.name}": low must be below high`);
        if (scale === 'log' && low <= 0) complain(`"${parameter.name}": a log scale begins above 0`);
        if (parameter.type === 'int' && !(Number.isInteger(low) && Number.isInteger(high)))
          complain(`"${parameter.name}": the bounds of whole numbers are whole numbers`);
      }
      if (parameter.when !== undefined) {
        const { parameter: on, is } = parameter.when;
        const parent = known.get(on);
        if (parent?.type !== 'choice')
          complain(`"${parameter.name}" depends on "${on}", no choice before it`);
        else if (!is.every((value) => parent.choices.some((one) => sameValue(one, value))))
          complain(`"${parameter.name}" depends on a value that "${on}" never has`);
      }
      known.set(parameter.name, parameter);
    }
  });
export type SearchSpace = z.infer<typeof searchSpaceSchema>;
export type SearchSpaceInput = z.input<typeof searchSpaceSchema>;

/** Whether two values of settings are the same. */
export function sameValue(a: SearchValue | undefined, b: SearchValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** One way to set the parameters; those that don't count in it are left out. */
export const searchPointSchema = z.record(z.string(), searchValueSchema);
export type SearchPoint = z.infer<typeof searchPointSchema>;

export const searchMethods = ['auto', 'grid', 'random', 'bayes', 'hyperband'] as const;
export const searchMethodSchema = z.enum(searchMethods);
export type SearchMethod = z.infer<typeof searchMethodSchema>;
