/** A client that speaks NATS's text protocol over a bare socket: what any program can do without our SDK. */
import { connect } from 'node:net';

/** Sends one request and resolves with the first answer's text. Rejects when the server says that nobody listens. */
export function bareRequest(url: string, subject: string, body = ''): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB _INBOX.bare 1\r\n');
      socket.write(`PUB ${subject} _INBOX.bare ${Buffer.byteLength(body)}\r\n${body}\r\n`);
    });
    socket.on('data', (data) => {
      received += data.toString();
      if (received.includes('HMSG _INBOX.bare')) {
        socket.destroy();
        reject(new Error(`nobody listens on ${subject}`));
      }
      const head = /MSG _INBOX\.bare 1 (\d+)\r\n/.exec(received);
      if (!head) return;
      const begin = head.index + head[0].length;
      const text = Buffer.from(received.slice(begin)).subarray(0, Number(head[1]));
      if (text.length < Number(head[1])) return;
      socket.destroy();
      resolve(text.toString());
    });
  });
}
