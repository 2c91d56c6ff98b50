/** A request for a picture or a file below the media address, as any host gets it. */
export interface MediaRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Without the prefix: `/thumb/...`; still percent-encoded. */
  readonly path: string;
  /** What is sent with PUT and POST. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

export interface MediaResponse {
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes, where they are known. */
  readonly length?: number;
  /** Seconds a browser may keep it; absent: not at all. Addresses by content never change. */
  readonly maxAge?: number;
  /** The name to save it under. */
  readonly fileName?: string;
}

/** Answers for pictures, downloads, uploads and the camera. Never throws: errors are answers too. */
export type Media = (request: MediaRequest) => Promise<MediaResponse>;
