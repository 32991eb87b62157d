/** A JSON schema as the document writes it. */
export type Schema = Record<string, any>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface DocumentedResponse {
  description: string;
  headers?: Record<string, { schema: Schema }>;
  content?: Record<string, { schema?: Schema; examples?: Record<string, { value: unknown }> }>;
}

/** Whom the document lets in. */
export type Access = 'public' | 'shopper' | 'user' | 'role';

export interface Operation {
  id: string;
  method: string;
  /** With `{name}` for parameters. */
  path: string;
  summary?: string;
  access: Access;
  parameters: Parameter[];
  body?: Schema;
  isBodyRequired: boolean;
  responses: Record<string, DocumentedResponse>;
}

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, any>>;
  components: { schemas: Record<string, Schema>; responses?: Record<string, DocumentedResponse> };
}

export const PROBLEM = 'application/problem+json';
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/** Every operation of the document, its references to shared responses resolved. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const { operationId, summary, parameters = [], requestBody, responses } = item[method];
      const resolved = Object.entries(responses as Record<string, any>).map(([status, response]) => [
        status,
        response.$ref ? document.components.responses?.[String(response.$ref).split('/').pop()!] : response,
      ]);
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        summary,
        access: accessOf(item[method]),
        parameters,
        body: requestBody?.content['application/json']?.schema,
        isBodyRequired: requestBody?.required === true,
        responses: Object.fromEntries(resolved),
      };
    }),
  );
}

/** The codes an operation may answer with under a status: the examples, one for each. */
export function codesUnder(response: DocumentedResponse): string[] {
  return Object.keys(response.content?.[PROBLEM]?.examples ?? {});
}

function accessOf({ security = [], responses }: { security?: object[]; responses: Record<string, object> }): Access {
  const schemes = security.flatMap((one) => Object.keys(one));
  if (schemes.length === 0) return 'public';
  if (schemes.includes('clientCartId')) return 'shopper';
  return '403' in responses ? 'role' : 'user';
}
