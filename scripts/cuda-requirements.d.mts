export interface Card {
  name: string;
  driver: string;
}
export interface Machine {
  platform: string;
  arch: string;
  cards: Card[];
  libraries: Iterable<string>;
}
export function parseCards(text: string): Card[];
export function compareVersions(a: string, b: string): number;
export function parseLdconfig(text: string): string[];
export function missingFor(way: 'onnxruntime' | 'tensorflow', machine: Machine): string[];
