import { styleNonce } from './components/ui/nonce.ts';

// The name by which `get-nonce`, which Radix' scroll lock uses, looks for it.
Reflect.set(window, '__webpack_nonce__', styleNonce());
