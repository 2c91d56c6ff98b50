/** The design system: every control of the window is made of these. */
export { Button, IconButton } from './button.tsx';
export { ClassChip, ClassSwatch, paletteSize, shapeName, unknownColor } from './class-swatch.tsx';
export { classes } from './classes.ts';
export { Progress, Slider, Switch } from './controls.tsx';
export { AlertDialog, Dialog } from './dialog.tsx';
export { SearchField, TextArea, TextField } from './field.tsx';
export { Kbd } from './kbd.tsx';
export { ContextMenu, Menu, type MenuItem } from './menu.tsx';
export { OverlayPlace, OverlayProvider } from './overlays.tsx';
export { Popover } from './popover.tsx';
export { Select, type Option } from './select.tsx';
export { SplitPane } from './split-pane.tsx';
export { Badge, EmptyState, ErrorState, Notice, Skeleton } from './states.tsx';
export { ColumnHead, Table } from './table.tsx';
export { Tabs, ToggleGroup } from './tabs.tsx';
export { Toasts } from './toast.tsx';
export { Tooltip, TooltipProvider } from './tooltip.tsx';
