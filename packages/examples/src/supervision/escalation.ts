import { defineActor, defineSupervisor, hasCode, startSystem } from 'jaegis';

const fragile = defineActor('fragile', {
  state: () => 0,
  on: {
    fail: () => {
      throw new Error('no disk');
    },
  },
});

const storage = defineSupervisor('storage', { intensity: 1, children: [{ id: 'disk', start: fragile }] });
const root = defineSupervisor('root', { intensity: 0, children: [{ id: 'storage', start: storage }] });

await using system = startSystem({ logLevel: 'silent', restartLimit: { intensity: 0 }, onFailure: ended });
await system.supervise(root, { name: 'root' });

const disk = system.at('local/user/root/storage/disk');
await disk.ask({ type: 'fail' }).catch((error) => console.log(error.code)); // prints: actor_crashed
await disk.ask({ type: 'fail' }).catch(() => {});

// The second crash was one too many for the storage; its end was one too many for the root; that was the last straw.
function ended(error: unknown): void {
  console.log(hasCode(error, 'intensity_exceeded')); // prints: true
}
