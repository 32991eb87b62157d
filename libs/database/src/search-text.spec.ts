import { describe, expect, it } from 'vitest';
import { foldText, searchTextOf } from './search-text.js';

describe('A3: the text a search compares', () => {
  it.each([
    ['composition', 'Café', 'Cafe\u0301'],
    ['case', 'LANTERN', 'lantern'],
    ['accents', 'Über', 'uber'],
    ['a mark without a composed form', 'x\u0302y', 'xy'],
    ['ligatures', 'ﬁne', 'fine'],
    ['a letter that becomes two in upper case', 'Straße', 'STRASSE'],
    ['full width', 'ＡＢＣ', 'abc'],
    ['Hangul in parts', '한글', '한글'.normalize('NFD')],
    ['the last sigma of a word', 'ΣΟΦΌΣ', 'σοφός'],
    ['how an emoji is to look', '❤️', '❤'],
    ['soft hyphens', 'lan\u00adtern', 'lantern'],
  ])('is the same whatever the %s', (_, one, other) => {
    expect(foldText(one)).toBe(foldText(other));
  });

  it.each([
    ['emoji', '🍎', '💣'],
    ['vowels of Thai', 'กิ', 'กุ'],
    ['vowel signs of Hindi', 'कि', 'कु'],
    ['ideographs outside the basic plane', '𠀀', '𠀁'],
    ['digits', '1', '2'],
    ['punctuation', '%', '_'],
  ])('tells %s apart', (_, one, other) => {
    expect(foldText(one)).not.toBe(foldText(other));
  });

  it('holds name and code, as much as the column takes', () => {
    expect(searchTextOf('Mug', 'x-1')).toBe('MUG\nX-1');
    const long = searchTextOf('\ufdfa'.repeat(255), 'code');
    expect([...long]).toHaveLength(2048);
  });
});
