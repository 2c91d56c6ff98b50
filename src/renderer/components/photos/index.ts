/** Photos as several screens show them. */
export { HeatmapOverlay } from './heatmap-overlay.tsx';
export { PhotoGrid, type PhotoGridProps, type PressKeys } from './photo-grid.tsx';
export { PhotoView } from './photo-view.tsx';
export { type TileContent } from './photo-tile.tsx';
export { type Size } from './zoom.ts';
