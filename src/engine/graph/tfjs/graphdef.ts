/**
 * TensorFlow's GraphDef as TF.js graph models write it in JSON: nodes by name, with typed access to attributes.
 * Field meanings: tensorflow/core/framework/{graph,node_def,attr_value}.proto; int64 are texts, bytes are base64.
 */
import { HolotypeError } from '../../../contract/errors.ts';
import { arrayAt, isJsonObject, malformed, objectAt, stringAt, type JsonObject } from '../json-reader.ts';

export class GraphDefNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes whose first output this one reads; control edges are dropped. */
  readonly inputs: readonly string[];
  private readonly attributes: JsonObject;

  constructor(json: JsonObject) {
    this.name = stringAt(json['name'], "a graph node's name");
    this.op = stringAt(json['op'], `op of node "${this.name}"`);
    const inputs = json['input'] === undefined ? [] : arrayAt(json['input'], `input of node "${this.name}"`);
    this.inputs = inputs
      .map((input) => stringAt(input, `input of node "${this.name}"`))
      .filter((input) => !input.startsWith('^'))
      .map((input) => this.firstOutput(input));
    this.attributes = json['attr'] === undefined ? {} : objectAt(json['attr'], `attr of node "${this.name}"`);
  }

  private firstOutput(input: string): string {
    const [node = '', output] = input.split(':');
    if (output !== undefined && output !== '0')
      throw new HolotypeError(
        'not-supported',
        `The node "${this.name}" (${this.op}) reads output ${output} of "${node}"; only first outputs are supported.`,
      );
    return node;
  }

  private attribute(key: string): JsonObject | undefined {
    const value = this.attributes[key];
    return value === undefined ? undefined : objectAt(value, this.where(key));
  }

  where(key: string): string {
    return `${key} of node "${this.name}" (${this.op})`;
  }

  text(key: string): string | undefined {
    const value = this.attribute(key)?.['s'];
    return value === undefined ? undefined : bytesAsText(value, this.where(key));
  }

  flag(key: string): boolean {
    return this.attribute(key)?.['b'] === true;
  }

  number(key: string): number | undefined {
    const attribute = this.attribute(key);
    const value = attribute?.['f'] ?? attribute?.['i'];
    return value === undefined ? undefined : asNumber(value, this.where(key));
  }

  numbers(key: string): number[] | undefined {
    const list = this.attribute(key)?.['list'];
    if (list === undefined) return undefined;
    const { i, f } = objectAt(list, this.where(key));
    return arrayAt(i ?? f ?? [], this.where(key)).map((value) => asNumber(value, this.where(key)));
  }

  texts(key: string): string[] {
    const list = this.attribute(key)?.['list'];
    if (list === undefined) return [];
    return arrayAt(objectAt(list, this.where(key))['s'] ?? [], this.where(key)).map((value) =>
      bytesAsText(value, this.where(key)),
    );
  }

  /** Sizes of a shape attribute, -1 where open; undefined when the rank is unknown or the attribute missing. */
  shape(key: string): number[] | undefined {
    const shape = this.attribute(key)?.['shape'];
    if (!isJsonObject(shape) || shape['unknownRank'] === true) return undefined;
    return arrayAt(shape['dim'] ?? [], this.where(key)).map((dim) =>
      asNumber(objectAt(dim, this.where(key))['size'] ?? 0, this.where(key)),
    );
  }
}

function asNumber(value: unknown, where: string): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw malformed(where, 'a number', value);
  return number;
}

/** Bytes are base64 in proto3 JSON; some converters write a list of character codes. */
function bytesAsText(value: unknown, where: string): string {
  if (Array.isArray(value)) return String.fromCharCode(...value.map((code) => asNumber(code, where)));
  try {
    return atob(stringAt(value, where));
  } catch (error) {
    if (error instanceof HolotypeError) throw error;
    throw malformed(where, 'base64', value);
  }
}

export interface GraphDef {
  readonly nodes: ReadonlyMap<string, GraphDefNode>;
  /** Names of the nodes that are the model's results. */
  readonly outputs: readonly string[];
}

/**
 * @param modelJson the parsed model.json of a TF.js graph model
 * @throws HolotypeError('bad-input') when it has no usable graph
 */
export function readGraphDef(modelJson: JsonObject): GraphDef {
  const topology = objectAt(modelJson['modelTopology'], 'modelTopology');
  const nodes = new Map<string, GraphDefNode>();
  for (const [i, json] of arrayAt(topology['node'], 'modelTopology.node').entries()) {
    const node = new GraphDefNode(objectAt(json, `modelTopology.node[${i}]`));
    if (nodes.has(node.name))
      throw new HolotypeError('bad-input', `The model file lists the node "${node.name}" twice.`);
    nodes.set(node.name, node);
  }
  return { nodes, outputs: declaredOutputs(modelJson, nodes) };
}

function declaredOutputs(modelJson: JsonObject, nodes: ReadonlyMap<string, GraphDefNode>): string[] {
  const user = modelJson['userDefinedMetadata'];
  const signature = modelJson['signature'] ?? (isJsonObject(user) ? user['signature'] : undefined);
  const outputs = isJsonObject(signature) ? signature['outputs'] : undefined;
  if (isJsonObject(outputs) && Object.keys(outputs).length > 0)
    return Object.entries(outputs).map(([key, info]) => {
      const tensor = isJsonObject(info) && typeof info['name'] === 'string' ? info['name'] : key;
      return tensor.split(':')[0] ?? tensor;
    });
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs));
  return [...nodes.values()]
    .filter((node) => !read.has(node.name) && node.op !== 'Const' && node.op !== 'NoOp')
    .map((node) => node.name);
}
