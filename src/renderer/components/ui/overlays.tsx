import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';

interface Overlays {
  readonly container: HTMLElement | null;
  readonly setContainer: (container: HTMLElement | null) => void;
}
const OverlaysContext = createContext<Overlays | undefined>(undefined);

/** Once, around everything. */
export function OverlayProvider({ children }: { readonly children: ReactNode }) {
  const [container, setContainer] = useState<HTMLElement | null>(null);
  const overlays = useMemo(() => ({ container, setContainer }), [container]);
  return <OverlaysContext value={overlays}>{children}</OverlaysContext>;
}

/**
 * Where menus, dialogs and the like are put: inside the page's main landmark, so that screen readers find them in a
 * part of the page that has a name.
 */
export function OverlayPlace() {
  return <div ref={useContext(OverlaysContext)?.setContainer} />;
}

/** For Radix' `Portal`: nothing to pass on before the place is there, or without one. */
export function useOverlays(): { container?: HTMLElement } {
  const container = useContext(OverlaysContext)?.container ?? null;
  return container === null ? {} : { container };
}
