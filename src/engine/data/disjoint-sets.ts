/** Which of n things belong together (union-find, path halving, smaller index leads). */
export class DisjointSets {
  private readonly parents: Int32Array;

  constructor(count: number) {
    this.parents = Int32Array.from({ length: count }, (_, index) => index);
  }

  find(index: number): number {
    const { parents } = this;
    let at = index;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] ?? 0] ?? 0;
      at = parents[at] ?? 0;
    }
    return at;
  }

  union(a: number, b: number): void {
    const first = this.find(a);
    const second = this.find(b);
    if (first === second) return;
    this.parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** All groups, single ones too: ascending indices, ordered by their first. */
  groups(): number[][] {
    const byLeader = new Map<number, number[]>();
    for (let index = 0; index < this.parents.length; index += 1) {
      const leader = this.find(index);
      const group = byLeader.get(leader);
      if (group === undefined) byLeader.set(leader, [index]);
      else group.push(index);
    }
    return [...byLeader.values()];
  }
}
