/**
 * The part of Standard Schema (standardschema.dev, version 1) that the kernel reads, so that zod, valibot, arktype and
 * others describe payloads without the kernel knowing them.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a sender may give where this schema checks: defaults may be left out. */
export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/** What a handler gets once this schema has checked it. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];
