/** `full`: no room in the line; `shed`: others are more urgent; `waited`: longer than it may; `deadline`: its own. */
export type Refusal = 'full' | 'shed' | 'waited' | 'deadline';
