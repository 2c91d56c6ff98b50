import { z } from 'zod';
import { errorSchema } from './error-schema.ts';

/** Chosen by the client, unique among its calls and subscriptions that are still open. */
const idSchema = z.number().int().nonnegative();

/** What a client may say. */
export const clientMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('call'),
    id: idSchema,
    method: z.string(),
    input: z.unknown().optional(),
  }),
  z.strictObject({ kind: z.literal('cancel'), id: idSchema }),
  z.strictObject({ kind: z.literal('subscribe'), id: idSchema, event: z.string() }),
  z.strictObject({ kind: z.literal('unsubscribe'), id: idSchema }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** What a server answers; `id` is that of the call or subscription it belongs to. */
export const serverMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('result'), id: idSchema, output: z.unknown().optional() }),
  z.strictObject({ kind: z.literal('error'), id: idSchema, error: errorSchema }),
  z.strictObject({ kind: z.literal('event'), id: idSchema, payload: z.unknown().optional() }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

const addressSchema = z.object({ id: idSchema });

/** The id of a message that is otherwise no good, so that its sender can be told; undefined without one. */
export function addressOf(message: unknown): number | undefined {
  return addressSchema.safeParse(message).data?.id;
}
