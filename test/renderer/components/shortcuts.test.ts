import { describe, expect, it } from 'vitest';
import { findShortcut, type ShortcutGroup } from '../../../src/renderer/components/shortcuts.tsx';

const run = (): void => undefined;
const groups: ShortcutGroup[] = [
  {
    title: 'Everywhere',
    shortcuts: [
      { keys: '?', label: 'Sheet', run },
      { keys: 'mod+z', label: 'Undo', run },
      { keys: 'mod+shift+z', label: 'Redo', run },
      { keys: 'escape', label: 'Leave', run, whileTyping: true },
      { keys: 'a', label: 'Anywhere', run },
    ],
  },
  {
    title: 'Here',
    shortcuts: [
      { keys: ['space', 'x'], label: 'Select', run },
      { keys: 'a', label: 'Nearer', run },
      { keys: 'alt+1', label: 'Tab', run },
    ],
  },
];
const press = (key: string, modifiers: Partial<KeyboardEvent> = {}, typing = false): string | undefined =>
  findShortcut(
    groups,
    { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers },
    typing,
  )?.label;

describe('shortcuts', () => {
  it('are found by key and modifiers, Ctrl or ⌘', () => {
    expect(press('z', { ctrlKey: true })).toBe('Undo');
    expect(press('z', { metaKey: true })).toBe('Undo');
    expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('Redo');
    expect(press('z')).toBeUndefined();
    expect(press('1', { altKey: true })).toBe('Tab');
    expect(press('1')).toBeUndefined();
  });
  it('may have several keys', () => {
    expect(press(' ')).toBe('Select');
    expect(press('x')).toBe('Select');
  });
  it('that are signs do not care how the keyboard makes them', () => {
    expect(press('?', { shiftKey: true })).toBe('Sheet');
    expect(press('?')).toBe('Sheet');
  });
  it('of the nearest group win', () => {
    expect(press('a')).toBe('Nearer');
  });
  it('keep quiet while a person types, but for those that may not', () => {
    expect(press('a', {}, true)).toBeUndefined();
    expect(press('Escape', {}, true)).toBe('Leave');
  });
});
