import { CircleCheck, Info, TriangleAlert, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import type { Toast as ToastState } from '../../state/toasts.ts';
import { Button, IconButton } from './button.tsx';
import './toast.css';

const icons = { info: Info, success: CircleCheck, problem: TriangleAlert };
/** Long enough to be read (ms); an error stays. */
const stay = { info: 6_000, success: 5_000, problem: Infinity };

interface ToastsProps {
  readonly toasts: readonly ToastState[];
  readonly onAction: (id: number) => void;
  readonly onClose: (id: number) => void;
}

/** Short messages in a corner, the newest at the bottom. F8 brings the focus to them. */
export function Toasts({ toasts, onAction, onClose }: ToastsProps) {
  return (
    <Radix.Provider swipeDirection="right" label="Message">
      {toasts.map((toast) => {
        const Icon = icons[toast.tone];
        return (
          <Radix.Root
            key={toast.id}
            className={`ui-toast ui-toast-${toast.tone}`}
            type={toast.tone === 'problem' ? 'foreground' : 'background'}
            duration={toast.action === undefined ? stay[toast.tone] : 10_000}
            onOpenChange={(open) => (open ? undefined : onClose(toast.id))}
          >
            <Icon aria-hidden />
            <div className="ui-toast-text">
              <Radix.Title className="ui-toast-title">{toast.title}</Radix.Title>
              {toast.detail === undefined ? null : (
                <Radix.Description className="ui-toast-detail">{toast.detail}</Radix.Description>
              )}
            </div>
            {toast.action === undefined ? null : (
              <Radix.Action asChild altText={toast.action}>
                <Button size="s" onClick={() => onAction(toast.id)}>
                  {toast.action}
                </Button>
              </Radix.Action>
            )}
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" size="s" />
            </Radix.Close>
          </Radix.Root>
        );
      })}
      <Radix.Viewport className="ui-toasts" label="Messages ({hotkey})" />
    </Radix.Provider>
  );
}
