import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { OpenApiDocument, Schema } from './document.js';

const ROOT = 'https://cart.example/openapi.json';
/** Keywords of OpenAPI that say nothing about a value. */
const ANNOTATIONS = ['components', 'example', 'discriminator', 'xml', 'externalDocs'];

/** The schemas of a document, strict: an object may hold only what is declared, unknown keywords and formats are errors. */
export class Schemas {
  private readonly ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  private readonly compiled = new Map<Schema, ValidateFunction>();

  constructor(readonly document: OpenApiDocument) {
    // The package is CommonJS; its function is the default of the default.
    (formats as unknown as { default: (ajv: Ajv2020) => void }).default(this.ajv);
    this.ajv.addVocabulary(ANNOTATIONS);
    this.ajv.addSchema({ $id: ROOT, components: { schemas: closed(document.components.schemas) } });
  }

  /** What is wrong with `value`, in words; nothing when it fits. */
  faults(schema: Schema, value: unknown): string[] {
    const validate = this.validator(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).slice(0, 5).map(({ instancePath, message, params }) => {
      return `${instancePath || '(the whole)'} ${message} ${JSON.stringify(params)}`;
    });
  }

  fits(schema: Schema, value: unknown): boolean {
    return this.validator(schema)(value);
  }

  /** The schema itself, its reference followed. */
  resolve(schema: Schema): Schema {
    const { $ref } = schema as { $ref?: string };
    return $ref ? this.resolve(this.document.components.schemas[$ref.split('/').pop()!]!) : schema;
  }

  private validator(schema: Schema): ValidateFunction {
    let validate = this.compiled.get(schema);
    if (!validate) {
      validate = this.ajv.compile(absolute(closed(schema)));
      this.compiled.set(schema, validate);
    }
    return validate;
  }
}

/** A copy in which every object with declared fields takes no others. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, keep(key) ? value : closed(value)]),
  );
  const isOpen = !('additionalProperties' in copy) && !('unevaluatedProperties' in copy);
  if (copy['type'] === 'object' && copy['properties'] && isOpen) copy['unevaluatedProperties'] = false;
  // A narrowing beside a reference: `{ allOf: [Problem], properties: { code } }`.
  if (copy['allOf'] && copy['properties'] && isOpen) copy['unevaluatedProperties'] = false;
  return copy as T;
}

function keep(key: string): boolean {
  return ['example', 'examples', 'enum', 'const', 'default'].includes(key);
}

/** A copy whose references point into the document from wherever it is compiled. */
function absolute<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(absolute) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === '$ref' ? `${ROOT}${value as string}` : absolute(value as unknown),
  ]);
  return Object.fromEntries(entries) as T;
}
