import { useApi, useAppState } from '../../api/context.tsx';
import { Toasts } from '../../components/ui/index.ts';

/** Toasts, and the line that screen readers are told the news by. */
export function Messages() {
  const { toasts, announcement } = useAppState((state) => state.toasts);
  const api = useApi();
  return (
    <>
      <Toasts
        toasts={toasts}
        onAction={api.actOnToast}
        onClose={(id) => api.dispatch({ type: 'toasts/closed', id })}
      />
      <div className="visually-hidden" role="status" aria-live="polite" aria-label="News">
        <span key={announcement.number}>{announcement.text}</span>
      </div>
    </>
  );
}
