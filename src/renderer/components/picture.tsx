import { ImageOff } from 'lucide-react';
import { useState, type ComponentPropsWithRef } from 'react';
import { useAppState } from '../api/context.tsx';
import { classes } from './ui/index.ts';
import './picture.css';

interface PictureProps extends Omit<ComponentPropsWithRef<'img'>, 'src' | 'alt'> {
  readonly src: string;
  /** Empty where the picture says nothing that isn't written beside it. */
  readonly alt: string;
}

/** A small picture of the engine. One that can't be shown leaves a quiet sign in its place. */
export function Picture({ src, alt, className, ...rest }: PictureProps) {
  const connected = useAppState(({ connection }) => connection.status === 'ready');
  // What failed without a connection is tried again with one.
  const now = `${src} ${connected}`;
  const [broken, setBroken] = useState<string>();
  if (broken === now)
    return (
      <span
        className={classes('picture picture-broken', className)}
        role={alt === '' ? undefined : 'img'}
        aria-label={alt === '' ? undefined : `${alt} (can’t be shown)`}
      >
        <ImageOff aria-hidden />
      </span>
    );
  return (
    <img
      loading="lazy"
      decoding="async"
      draggable={false}
      {...rest}
      src={src}
      alt={alt}
      className={classes('picture', className)}
      onError={() => setBroken(now)}
    />
  );
}
