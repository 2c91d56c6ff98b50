import { Check, ChevronRight, type LucideIcon } from 'lucide-react';
import { ContextMenu as RadixContext, DropdownMenu as RadixMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { Kbd } from './kbd.tsx';
import { useOverlays } from './overlays.tsx';
import './menu.css';

/** What a menu offers. The same list serves a menu behind a button and one behind the right mouse button. */
export type MenuItem =
  | {
      readonly kind?: 'item';
      readonly label: string;
      readonly icon?: LucideIcon | ReactNode;
      readonly keys?: string;
      /** Can't be taken back. */
      readonly danger?: boolean;
      readonly disabled?: boolean;
      readonly onSelect: () => void;
    }
  | {
      readonly kind: 'check';
      readonly label: string;
      readonly keys?: string;
      readonly checked: boolean;
      readonly onSelect: () => void;
    }
  | {
      readonly kind: 'submenu';
      readonly label: string;
      readonly icon?: LucideIcon | ReactNode;
      readonly disabled?: boolean;
      readonly items: readonly MenuItem[];
    }
  | { readonly kind: 'line' }
  | { readonly kind: 'heading'; readonly label: string };

interface MenuProps {
  readonly items: readonly MenuItem[];
  /** The button that opens it. */
  readonly children: ReactNode;
  readonly align?: 'start' | 'center' | 'end';
}

export function Menu({ items, children, align = 'start' }: MenuProps) {
  return (
    // Not modal: the rest of the page stays what it is for screen readers, and can be clicked at once.
    <RadixMenu.Root modal={false}>
      <RadixMenu.Trigger asChild>{children}</RadixMenu.Trigger>
      <RadixMenu.Portal {...useOverlays()}>
        <RadixMenu.Content className="ui-menu" align={align} sideOffset={4} collisionPadding={8}>
          <Items items={items} parts={RadixMenu} />
        </RadixMenu.Content>
      </RadixMenu.Portal>
    </RadixMenu.Root>
  );
}

/** The right mouse button, Shift+F10 or the menu key on `children`: one element. */
export function ContextMenu({ items, children }: Omit<MenuProps, 'align'>) {
  return (
    <RadixContext.Root modal={false}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal {...useOverlays()}>
        <RadixContext.Content className="ui-menu" collisionPadding={8}>
          <Items items={items} parts={RadixContext} />
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}

/** Radix has the same parts twice, for the two kinds of menus. */
type Parts = Pick<
  typeof RadixMenu,
  | 'Item'
  | 'CheckboxItem'
  | 'ItemIndicator'
  | 'Separator'
  | 'Label'
  | 'Sub'
  | 'SubTrigger'
  | 'SubContent'
  | 'Portal'
>;

function Items({ items, parts }: { readonly items: readonly MenuItem[]; readonly parts: Parts }) {
  return items.map((item, at) => <Item key={keyOf(item, at)} item={item} parts={parts} />);
}

function keyOf(item: MenuItem, at: number): string {
  return item.kind === 'line' ? `line-${at}` : item.label;
}

function Item({ item, parts }: { readonly item: MenuItem; readonly parts: Parts }) {
  const overlays = useOverlays();
  switch (item.kind) {
    case 'line':
      return <parts.Separator className="ui-menu-line" />;
    case 'heading':
      return <parts.Label className="ui-menu-heading">{item.label}</parts.Label>;
    case 'check':
      return (
        <parts.CheckboxItem className="ui-menu-item" checked={item.checked} onSelect={item.onSelect}>
          <span className="ui-menu-icon">
            <parts.ItemIndicator>
              <Check aria-hidden />
            </parts.ItemIndicator>
          </span>
          <span className="ui-menu-label">{item.label}</span>
          {item.keys === undefined ? null : <Kbd keys={item.keys} />}
        </parts.CheckboxItem>
      );
    case 'submenu':
      return (
        <parts.Sub>
          <parts.SubTrigger className="ui-menu-item" disabled={item.disabled === true}>
            <MenuIcon icon={item.icon} />
            <span className="ui-menu-label">{item.label}</span>
            <ChevronRight aria-hidden />
          </parts.SubTrigger>
          <parts.Portal {...overlays}>
            <parts.SubContent className="ui-menu" sideOffset={2} collisionPadding={8}>
              <Items items={item.items} parts={parts} />
            </parts.SubContent>
          </parts.Portal>
        </parts.Sub>
      );
    default:
      return (
        <parts.Item
          className={item.danger === true ? 'ui-menu-item ui-menu-danger' : 'ui-menu-item'}
          disabled={item.disabled === true}
          onSelect={item.onSelect}
        >
          <MenuIcon icon={item.icon} />
          <span className="ui-menu-label">{item.label}</span>
          {item.keys === undefined ? null : <Kbd keys={item.keys} />}
        </parts.Item>
      );
  }
}

function MenuIcon({ icon: Icon }: { readonly icon: LucideIcon | ReactNode | undefined }) {
  return <span className="ui-menu-icon">{isIcon(Icon) ? <Icon aria-hidden /> : Icon}</span>;
}

/** Lucide's icons are components; a class's swatch is an element that is there already. */
function isIcon(icon: LucideIcon | ReactNode): icon is LucideIcon {
  return typeof icon === 'function' || (typeof icon === 'object' && icon !== null && 'render' in icon);
}
