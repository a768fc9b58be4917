import { expect, it } from 'vitest';
import { StandingRule } from './standing.ts';

/** A node that looks every 50 ms up to that time, and hears whom it hears. */
function rule(untilMs: number, hears: (nowMs: number) => boolean = () => true, isConnected = hears): StandingRule {
  const standing = new StandingRule({ leaseMs: 500, refuseMs: 2_200 }, 0);
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 50) {
    standing.look({ nowMs, isConnected: isConnected(nowMs), hearsMajority: hears(nowMs) });
  }
  return standing;
}

it('serves while it looks and hears a majority', () => {
  expect(rule(10_000).at(10_049)).toBe('serving');
});

it('knows that it was stopped before it looks again, and until it has verified', () => {
  const standing = rule(1_000);
  expect([1_550, 1_551, 9_000].map((nowMs) => standing.at(nowMs))).toEqual(['serving', 'verifying', 'verifying']);
  standing.look({ nowMs: 9_000, isConnected: true, hearsMajority: true });
  expect(standing.at(9_001)).toBe('verifying');
  expect(standing.beginVerifying()).toBe(true);
  expect(standing.beginVerifying()).toBe(false);
  standing.endVerifying(false, 9_000);
  expect(standing.at(9_002)).toBe('verifying');
  standing.beginVerifying();
  standing.endVerifying(true, 9_002);
  expect(standing.at(9_003)).toBe('serving');
});

it('takes no answer for it that was asked for before it was stopped', () => {
  const standing = rule(1_000);
  standing.look({ nowMs: 3_000, isConnected: true, hearsMajority: true });
  standing.beginVerifying();
  standing.look({ nowMs: 8_000, isConnected: true, hearsMajority: true });
  standing.endVerifying(true, 3_000);
  expect(standing.at(8_000)).toBe('verifying');
});

it('refuses once it has heard no majority for long enough, and serves as soon as it hears one', () => {
  const alone = rule(
    5_000,
    (nowMs) => nowMs < 1_000,
    () => true,
  );
  expect(alone.at(5_000)).toBe('refusing');
  expect(
    rule(
      3_150,
      (nowMs) => nowMs < 1_000,
      () => true,
    ).at(3_150),
  ).toBe('serving');
  alone.look({ nowMs: 5_050, isConnected: true, hearsMajority: true });
  expect(alone.at(5_050)).toBe('serving');
});

it('verifies when its connection was away, and refuses when it stays away', () => {
  const away = (nowMs: number) => nowMs < 1_000;
  expect(rule(1_400, away).at(1_400)).toBe('serving');
  expect(rule(1_600, away).at(1_600)).toBe('verifying');
  expect(rule(3_250, away).at(3_250)).toBe('refusing');
  expect(rule(3_300, (nowMs) => nowMs < 1_000 || nowMs > 3_200).at(3_300)).toBe('verifying');
});
