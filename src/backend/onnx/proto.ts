/**
 * A protobuf writer for ONNX models: just the wire types the format uses.
 *
 * A message is a rope of byte chunks, so that large tensors are copied once, when the whole model is joined.
 */
export class Message {
  readonly #chunks: Uint8Array[] = [];
  #open: number[] = [];
  #closedBytes = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#closedBytes + this.#open.length;
  }

  /** An int32, int64, enum or bool field; negative values take ten bytes, as protobuf wants. */
  int(field: number, value: number | bigint): this {
    this.#varint(field << 3);
    if (typeof value === 'number' && value >= 0 && value <= 0x7fffffff) this.#varint(value);
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  float(field: number, value: number): this {
    this.#varint((field << 3) | 5);
    this.#open.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Bytes are kept by reference until {@link finish}. */
  bytes(field: number, value: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    if (value.length < 64) this.#open.push(...value);
    else this.#append(value);
    return this;
  }

  message(field: number, value: Message): this {
    this.#varint((field << 3) | 2);
    this.#varint(value.length);
    for (const chunk of value.#chunks) this.#append(chunk);
    if (value.#open.length < 256) for (const byte of value.#open) this.#open.push(byte);
    else this.#append(Uint8Array.from(value.#open));
    return this;
  }

  /** Packed repeated integers. */
  packed(field: number, values: Iterable<number | bigint>): this {
    const body = new Message();
    for (const value of values) body.#bigVarint(BigInt.asUintN(64, BigInt(value)));
    return this.message(field, body);
  }

  /** The message as one array. */
  finish(): Uint8Array {
    this.#close();
    const all = new Uint8Array(this.#closedBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  #append(chunk: Uint8Array): void {
    this.#close();
    this.#chunks.push(chunk);
    this.#closedBytes += chunk.length;
  }

  #close(): void {
    if (this.#open.length === 0) return;
    this.#chunks.push(Uint8Array.from(this.#open));
    this.#closedBytes += this.#open.length;
    this.#open = [];
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#open.push((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#open.push(rest);
  }

  #bigVarint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.#open.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#open.push(Number(rest));
  }
}
