import { expect, it } from 'vitest';
import { filesIn, problemIn } from './check-app.ts';

it('the files are in the last line, whatever the app has printed', () => {
  expect(filesIn('hello\n{"files":[]}\n\n{"files":["file:///a/app.ts","file:///a/b.ts"]}\n')).toEqual([
    '/a/app.ts',
    '/a/b.ts',
  ]);
  expect(filesIn('killed before')).toEqual([]);
});

it('a problem is shown with its place and without what is inside Node.js', () => {
  const output = `file:///a/app.ts:2
const x = {;
           ^

SyntaxError: Unexpected token
    at parse (node:internal/x:1:2)
    at file:///a/app.ts:2:7
    at async node:internal/y:1:2

Node.js v24.21.0
`;
  expect(problemIn(output)).toBe(
    'file:///a/app.ts:2\nconst x = {;\n           ^\n\nSyntaxError: Unexpected token\n    at file:///a/app.ts:2:7',
  );
});

it('of a file that TypeScript cannot read the place is what is left', () => {
  const output = `node:internal/modules/run_main:107
    triggerUncaughtException(
    ^

/a/word.ts:1
const x = 'two;
          ^^^^^

SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Unterminated string constant
    at parseTypeScript (node:internal/modules/typescript:72:36)
    at load (file:///x/packages/cli/src/dev/app-check.ts:18:12) {
  code: 'ERR_INVALID_TYPESCRIPT_SYNTAX'
}

Node.js v24.21.0
`;
  expect(problemIn(output)).toBe(
    "/a/word.ts:1\nconst x = 'two;\n          ^^^^^\n\nSyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Unterminated string constant",
  );
});
