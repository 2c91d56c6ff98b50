import { describe, expect, it } from 'vitest';
import { classKey, commandLetters } from '../../../src/renderer/state/class-keys.ts';
import {
  clearSelection,
  meantPhotos,
  moveTo,
  noSelection,
  pressPhoto,
  selectAll,
  togglePhoto,
  type Selection,
} from '../../../src/renderer/state/selection.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const plain = { range: false, toggle: false };
const shift = { range: true, toggle: false };
const mod = { range: false, toggle: true };
const both = { range: true, toggle: true };
const chosen = ({ selected }: Selection): string => [...selected].sort().join('');

describe('selecting photos', () => {
  it('a click means one photo, and ends what was selected', () => {
    const one = pressPhoto(selectAll(noSelection, ids), ids, 'c', plain);
    expect(chosen(one)).toBe('');
    expect(meantPhotos(one, ids)).toEqual(['c']);
  });

  it('Ctrl adds to the one that was clicked, and takes away again', () => {
    let now = pressPhoto(noSelection, ids, 'b', plain);
    now = pressPhoto(now, ids, 'd', mod);
    expect(chosen(now)).toBe('bd');
    now = pressPhoto(now, ids, 'b', mod);
    expect(chosen(now)).toBe('d');
    // Nothing had the keyboard before: only this one is meant.
    expect(chosen(pressPhoto(noSelection, ids, 'e', mod))).toBe('e');
    // It was on the first by itself: nobody has chosen that one.
    expect(chosen(pressPhoto({ ...noSelection, focused: 'a' }, ids, 'e', mod))).toBe('e');
    // Ctrl on the clicked one itself makes it a selection of one.
    expect(chosen(pressPhoto(pressPhoto(noSelection, ids, 'b', plain), ids, 'b', mod))).toBe('b');
  });

  it('Shift makes a range from where it began, in either direction', () => {
    let now = pressPhoto(noSelection, ids, 'c', plain);
    now = pressPhoto(now, ids, 'e', shift);
    expect(chosen(now)).toBe('cde');
    now = pressPhoto(now, ids, 'a', shift);
    expect(chosen(now)).toBe('abc');
    expect(now.focused).toBe('a');
    now = moveTo(now, ids, 'b', shift);
    expect(chosen(now)).toBe('bc');
  });

  it('Ctrl and Shift add a range to the selection', () => {
    let now = pressPhoto(noSelection, ids, 'a', plain);
    now = pressPhoto(now, ids, 'c', mod);
    now = pressPhoto(now, ids, 'e', both);
    expect(chosen(now)).toBe('acde');
  });

  it('arrows move without selecting; Space selects', () => {
    let now = moveTo(noSelection, ids, 'b', plain);
    expect(chosen(now)).toBe('');
    now = togglePhoto(now);
    now = moveTo(now, ids, 'd', plain);
    expect(chosen(now)).toBe('b');
    now = togglePhoto(now);
    expect(chosen(now)).toBe('bd');
    expect(chosen(togglePhoto(now))).toBe('b');
    expect(togglePhoto(noSelection)).toBe(noSelection);
  });

  it('a range begins anew where an anchor is out of sight', () => {
    const now: Selection = { focused: 'z', anchor: 'z', selected: new Set() };
    expect(chosen(pressPhoto(now, ids, 'c', shift))).toBe('abc');
  });

  it('means only photos that are in sight', () => {
    const now = selectAll({ ...noSelection, focused: 'b' }, ids);
    expect(meantPhotos(now, ['b', 'd'])).toEqual(['b', 'd']);
    // All that were selected have left the filter: the one with the keyboard is meant.
    expect(meantPhotos({ ...now, focused: 'x' }, ['x'])).toEqual(['x']);
    expect(meantPhotos(now, [])).toEqual([]);
    expect(meantPhotos(clearSelection({ ...now, focused: undefined }), ids)).toEqual([]);
  });
});

describe('keys of classes', () => {
  it('are digits, then letters that do nothing else', () => {
    const all = Array.from({ length: 40 }, (_, at) => classKey(at)).filter((key) => key !== undefined);
    expect(all.slice(0, 11)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b']);
    expect(all).toHaveLength(30);
    expect(new Set(all).size).toBe(30);
    for (const letter of commandLetters) expect(all).not.toContain(letter);
  });
});
