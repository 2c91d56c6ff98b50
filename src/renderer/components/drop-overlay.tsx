import { ImageDown } from 'lucide-react';
import './drop-overlay.css';

/** Over the whole window while files are held over it: what dropping them does. */
export function DropOverlay({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="drop-overlay" role="status">
      <div className="drop-overlay-card">
        <ImageDown aria-hidden />
        <p className="drop-overlay-title">{title}</p>
        <p className="muted small">{text}</p>
      </div>
    </div>
  );
}
