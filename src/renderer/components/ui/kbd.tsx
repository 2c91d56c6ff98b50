import './kbd.css';

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const names: Readonly<Record<string, string>> = {
  mod: mac ? '⌘' : 'Ctrl',
  shift: mac ? '⇧' : 'Shift',
  alt: mac ? '⌥' : 'Alt',
  arrowleft: '←',
  arrowright: '→',
  arrowup: '↑',
  arrowdown: '↓',
  escape: 'Esc',
  enter: '↵',
  delete: 'Del',
  space: 'Space',
  plus: '+',
};

/** Keys as a person finds them on the keyboard: `mod+shift+z` as "Ctrl", "Shift", "Z". */
export function keyNames(keys: string): string[] {
  return keys.split('+').map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : capital(key)));
}

/** One combination of keys. */
export function Kbd({ keys }: { readonly keys: string }) {
  return (
    <span className="ui-kbd">
      {keyNames(keys).map((name) => (
        <kbd key={name}>{name}</kbd>
      ))}
    </span>
  );
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
