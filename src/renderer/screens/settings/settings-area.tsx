import { EmptyState } from '../../components/ui/index.ts';

/** Settings, models and about. */
export function SettingsArea({ page }: { readonly page: 'settings' | 'models' | 'about' }) {
  return <EmptyState title={page} />;
}
