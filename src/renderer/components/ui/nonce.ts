import { nonceName } from '../../../contract/page.ts';

let known: string | undefined;

/** What a `<style>` made at run time needs to be let in by the page's policy; undefined where the page has none. */
export function styleNonce(): string | undefined {
  known ??= document.querySelector<HTMLMetaElement>(`meta[name="${nonceName}"]`)?.content;
  return known;
}
