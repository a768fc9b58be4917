#!/usr/bin/env node
/** The `jaegis` command: begins it so that what it loads is compiled once for all its starts, which is most of their time. */
import module from 'node:module';

// Before anything else is loaded. Node.js 20 has no such cache, and where none can be written all is compiled again.
module.enableCompileCache?.();
await import('./command.ts');
