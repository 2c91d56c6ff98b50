import { X } from 'lucide-react';
import { thumbPath } from '../../../contract/media.ts';
import { useActions, useAppState, useMediaUrl } from '../../api/context.tsx';
import { Picture } from '../../components/picture.tsx';
import { IconButton } from '../../components/ui/index.ts';
import { photoById, type PhotoTable } from '../../state/photo-table.ts';

interface SimilarToProps {
  readonly project: string;
  readonly table: PhotoTable;
}

/** The photo that the others are compared to. */
export function SimilarTo({ project, table }: SimilarToProps) {
  const { label } = useActions();
  const mediaUrl = useMediaUrl();
  const photo = useAppState((state) => state.label.similar?.photo);
  if (photo === undefined) return null;
  const path = photoById(table, photo)?.path ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    <p className="label-like" title={`Most like ${path} first`}>
      <Picture src={mediaUrl(thumbPath(project, photo, 128))} alt="" />
      <span className="truncate">Like {name}</span>
      <IconButton
        icon={X}
        label="Back to the order of names"
        size="s"
        onClick={() => label.sort({ by: 'name', descending: false })}
      />
    </p>
  );
}
