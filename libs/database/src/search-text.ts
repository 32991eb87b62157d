/** The most characters of a name and a code that are searched. */
const MOST = 2048;

/**
 * A text as a search compares it, for texts and patterns alike. LIKE compares character by character, so what is one
 * character in one text and several in another is brought into one form here: composition, accents, case, and what
 * Unicode's default collation takes for the same letter (`ﬁ` and `fi`, `Ａ` and `A`). Marks that are letters of their own,
 * such as the vowels of Thai, stay. The rest is left to the collation of the column.
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{Default_Ignorable_Code_Point}]|(?=\p{Script=Inherited})\p{Mn}/gu, '')
    .toUpperCase()
    .normalize('NFKD');
}

/** What is searched of a SKU. No pattern holds a line break, so none matches across name and code. */
export function searchTextOf(name: string, skuCode: string): string {
  return [...`${foldText(name)}\n${foldText(skuCode)}`].slice(0, MOST).join('');
}
