/** `npm run demo`: begins it so that what it loads is compiled once for all its starts. */
import module from 'node:module';

// Before anything else is loaded. Node.js 20 has no such cache.
module.enableCompileCache?.();
await import('./demo.ts');
