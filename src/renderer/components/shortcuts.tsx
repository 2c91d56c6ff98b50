import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';

/** One key or combination, and what it does. */
export interface Shortcut {
  /** `mod+z` (mod: Ctrl, on a Mac ⌘), `shift+a`, `arrowleft`, `1`, `?`. Several for the same thing: a list. */
  readonly keys: string | readonly string[];
  /** For the sheet: "Undo". */
  readonly label: string;
  readonly run: (event: KeyboardEvent) => void;
  /** Works while a person is typing in a field, too. */
  readonly whileTyping?: boolean;
  /** Works but is not on the sheet: one line there stands for nine keys. */
  readonly hidden?: boolean;
}

/** The shortcuts of a screen or a panel. */
export interface ShortcutGroup {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

interface Registry {
  add(group: { current: ShortcutGroup }): () => void;
  /** The groups there are now, in the order they came. */
  groups(): ShortcutGroup[];
}

const RegistryContext = createContext<Registry | undefined>(undefined);

/** Once, around everything: hears all keys and finds who they are for. The group that came last is asked first. */
export function ShortcutsProvider({ children }: { readonly children: ReactNode }) {
  const [registry] = useState(createRegistry);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const shortcut = findShortcut(registry.groups(), event, whereTyping(event.target));
      if (shortcut === undefined || isCovered(event.target) || isPressed(event)) return;
      event.preventDefault();
      shortcut.run(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [registry]);
  return <RegistryContext value={registry}>{children}</RegistryContext>;
}

/** Makes shortcuts work as long as the component is on the screen. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const registry = useContext(RegistryContext);
  const group = useRef<ShortcutGroup>({ title, shortcuts });
  useEffect(() => {
    group.current = { title, shortcuts };
  });
  useEffect(() => registry?.add(group), [registry]);
}

/** What the sheet shows: the shortcuts that work now. */
export function useShortcutGroups(): ShortcutGroup[] {
  const registry = useContext(RegistryContext);
  return useMemo(() => registry?.groups() ?? [], [registry]);
}

function createRegistry(): Registry {
  const groups = new Set<{ current: ShortcutGroup }>();
  return {
    add: (group) => {
      groups.add(group);
      return () => groups.delete(group);
    },
    groups: () => [...groups].map(({ current }) => current),
  };
}

/** The shortcut a key press stands for. */
export function findShortcut(
  groups: readonly ShortcutGroup[],
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  typing: boolean,
): Shortcut | undefined {
  for (const { shortcuts } of [...groups].reverse()) {
    for (const shortcut of shortcuts) {
      if (typing && shortcut.whileTyping !== true) continue;
      const all = typeof shortcut.keys === 'string' ? [shortcut.keys] : shortcut.keys;
      if (all.some((keys) => matches(keys, event))) return shortcut;
    }
  }
  return undefined;
}

function matches(
  keys: string,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): boolean {
  const parts = keys.split('+');
  const wanted = parts.at(-1) ?? '';
  const key = event.key === ' ' ? 'space' : event.key === '+' ? 'plus' : event.key.toLowerCase();
  // A sign such as "?" needs Shift on some keyboards and not on others: the sign alone counts.
  const sign = wanted.length === 1 && !/[a-z]/.test(wanted);
  return (
    key === wanted &&
    (event.ctrlKey || event.metaKey) === parts.includes('mod') &&
    event.altKey === parts.includes('alt') &&
    (sign || event.shiftKey === parts.includes('shift'))
  );
}

function whereTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'range', 'button', 'submit'].includes(target.type)
  );
}

/** A dialog or menu is open over what the shortcut is about: the keys are for that. */
function isCovered(target: EventTarget | null): boolean {
  if (target instanceof Element && target.closest('.ui-menu') !== null) return true;
  return document.querySelector('.ui-dialog') !== null;
}

/** The key is for what has the keyboard: Space and Enter press a button, letters look for an entry of a list. */
function isPressed({ key, ctrlKey, metaKey, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (key === ' ' || key === 'Enter') return target.closest('button, a[href], input, summary') !== null;
  return key.length === 1 && !ctrlKey && !metaKey && target.closest('[role="combobox"]') !== null;
}
