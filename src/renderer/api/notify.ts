import type { JobSummary } from '../../contract/jobs.ts';
import { valueOf } from '../state/loadable.ts';
import type { Api } from './api.ts';

/** Jobs that ended sooner need no notice: a person is still there. */
const longEnough = 20_000;

/** A notice of the operating system when a long job ends while the window is in the background. */
export function notifyOfEnds(api: Api, onEnd: (listener: (job: JobSummary) => void) => void): void {
  onEnd((job) => {
    const words = endOf(job);
    if (words === undefined) return;
    api.announce(`${job.title}: ${words}`);
    const took = Date.parse(job.endedAt ?? '') - Date.parse(job.startedAt ?? job.createdAt);
    const wanted = valueOf(api.getState().settings.settings)?.notify ?? true;
    if (!wanted || !(took >= longEnough) || document.hasFocus()) return;
    if (!('Notification' in window) || Notification.permission !== 'granted') return;
    const notice = new Notification(job.title, { body: words, tag: job.id });
    notice.addEventListener('click', () => window.focus());
  });
}

/** Asks for the permission for notices, once; has to be called while a person presses something. */
export function askToNotify(): void {
  if ('Notification' in window && Notification.permission === 'default')
    void Notification.requestPermission();
}

function endOf(job: JobSummary): string | undefined {
  if (job.state === 'done') return 'Done.';
  if (job.state === 'failed') return `Failed. ${job.error?.message ?? ''}`.trim();
  // Whoever cancelled knows.
  return undefined;
}
