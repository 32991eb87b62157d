import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { invalid } from './http-dto.js';

const ETAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;

/**
 * The versions an `If-Match` accepts; `undefined` for `*`. Weak and foreign tags are legal and match nothing (RFC 9110,
 * 13.1.1). Throws `VALIDATION_FAILED` for what is no list of tags.
 */
export function parseIfMatch(header: string): string[] | undefined {
  if (header.trim() === '*') return undefined;
  if (!ETAGS.test(header))
    throw invalid([{ field: 'If-Match', message: 'must be a list of quoted entity tags, or *' }]);
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).map((tag) => /^"(\d{1,19})"$/.exec(tag)?.[1] ?? 'none');
}

/** The versions the client accepts; `undefined`: any. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): string[] | undefined => {
  const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
  const header = headers['if-match'];
  return header === undefined ? undefined : parseIfMatch(header);
});
