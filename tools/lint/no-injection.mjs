/** Names a statement may be put together of, beside constants: lists of columns, conditions, `?`s, an index. */
const FRAGMENT = /^([A-Z][A-Z_]*|places|set|where|index|table)$/;

const QUERY = 'CallExpression:matches([callee.name="query"], [callee.property.name="query"])';
const COMMAND = 'CallExpression[callee.property.name=/^(command|sendCommand|eval|evalSha)$/]';
/** The owner of a key, as keys.ts takes it. */
const OWNER = 'CallExpression[callee.object.name="keys"] > TemplateLiteral';
const RUN = 'CallExpression[callee.property.name="run"]';

const SQL = 'Values go into parameters. A statement is made of constants, places, set, where, index and table only.';
const REDIS = 'Keys come from keys.ts, values go as they are: no text of ours and theirs in one string.';

/**
 * For `no-restricted-syntax`: what is no statement or command of ours must not look like one.
 * @type {{ selector: string, message: string }[]}
 */
export const noInjection = [
  {
    selector: `${QUERY} > TemplateLiteral.arguments:first-child > .expressions:not(Identifier[name=${FRAGMENT}])`,
    message: SQL,
  },
  { selector: `${QUERY} > BinaryExpression.arguments:first-child`, message: SQL },
  { selector: `${QUERY} > CallExpression.arguments:first-child`, message: SQL },
  { selector: `${COMMAND} TemplateLiteral[expressions.length>0]:not(${OWNER})`, message: REDIS },
  { selector: `${COMMAND} BinaryExpression[operator="+"]`, message: REDIS },
  { selector: `${RUN} > ArrayExpression.arguments:nth-child(2) > TemplateLiteral`, message: REDIS },
];
