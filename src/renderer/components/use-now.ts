import { useEffect, useState } from 'react';

/** The time, for "3 minutes ago" and the like: looked at again every so often (ms). */
export function useNow(every = 60_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
