/** How far exploring is. */
export interface ExploreNews {
  readonly message: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}
