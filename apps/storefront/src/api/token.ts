/** What a token says of its owner. It is shown, never trusted: the service checks the token at every request. */
export interface Claims {
  sub: string;
  roles: string[];
  /** Seconds since 1970; `null` when it says none. */
  exp: number | null;
}

/** `null` for what is no token. */
export function claimsOf(token: string): Claims | null {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const { sub, roles, exp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof sub !== 'string') return null;
    return {
      sub,
      roles: Array.isArray(roles) ? roles.map(String) : [],
      exp: typeof exp === 'number' ? exp : null,
    };
  } catch {
    return null;
  }
}
