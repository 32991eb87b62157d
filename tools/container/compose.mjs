/**
 * What can be known of a compose file without a Docker engine.
 *
 * @typedef {{ name: string, required: boolean, fallback: string | undefined }} Variable
 */

const REFERENCE = /\$(?:(\$)|\{([A-Za-z_]\w*)(?::?(\?|-)([^}]*))?\}|([A-Za-z_]\w*))/g;
const SECRET = /PASSWORD|SECRET|KEY|TOKEN/;
const REQUIRED = '?';

/** Every variable a text refers to. @param {string} text @returns {Variable[]} */
export function variablesOf(text) {
  return [...text.matchAll(REFERENCE)].flatMap(([, dollar, name, operator, word, bare]) => {
    if (dollar) return [];
    return [
      { name: name ?? bare ?? '', required: operator === REQUIRED, fallback: operator === '-' ? word : undefined },
    ];
  });
}

/**
 * A document with all variables put in, as compose would do it. Throws for a required one without a value.
 * @template T
 * @param {T} value
 * @param {Record<string, string>} variables
 * @returns {T}
 */
export function interpolate(value, variables) {
  if (typeof value === 'string') return /** @type {T} */ (interpolateText(value, variables));
  if (Array.isArray(value)) return /** @type {T} */ (value.map((entry) => interpolate(entry, variables)));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([name, entry]) => [name, interpolate(entry, variables)]);
  return /** @type {T} */ (Object.fromEntries(entries));
}

/** @param {string} text @param {Record<string, string>} variables */
function interpolateText(text, variables) {
  return text.replace(REFERENCE, (_, dollar, name, operator, word, bare) => {
    if (dollar) return '$';
    const value = variables[name ?? bare];
    if (value) return value;
    if (operator === REQUIRED) throw new Error(`${name}: ${word}`);
    return operator === '-' ? word : '';
  });
}

/**
 * Rules of ours the schema knows nothing of.
 * @param {string} text of the compose file
 * @param {any} compose the same, parsed
 * @returns {string[]} faults
 */
export function houseRules(text, compose) {
  const faults = [];
  for (const { name, required } of variablesOf(text)) {
    if (SECRET.test(name) && !required) faults.push(`${name} is a secret and must be required: \${${name}:?…}`);
  }
  for (const [name, service] of Object.entries(compose.services)) {
    for (const port of service.ports ?? []) {
      if (!String(port).startsWith('127.0.0.1:')) faults.push(`${name} publishes ${port} beyond this machine`);
    }
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      faults.push(...dependencyFaults(name, other, condition, compose.services[other]));
    }
    for (const volume of service.volumes ?? []) {
      const source = String(volume).split(':')[0] ?? '';
      if (!source.startsWith('.') && !(source in (compose.volumes ?? {}))) faults.push(`${name}: no volume ${source}`);
    }
  }
  return faults;
}

/** @param {string} name @param {string} other @param {string} condition @param {any} target */
function dependencyFaults(name, other, condition, target) {
  if (!target) return [`${name} waits for ${other}, which is no service`];
  const always = target.restart === 'unless-stopped' || target.restart === 'always';
  if (condition === 'service_completed_successfully' && always)
    return [`${name} waits for the end of ${other}, which restarts`];
  if (condition === 'service_healthy' && !target.healthcheck?.test)
    return [`${name} waits for the health of ${other}, which has no check`];
  return [];
}
