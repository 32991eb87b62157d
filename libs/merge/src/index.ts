export { MergeModule } from './merge.module.js';
export { MergeSweeper } from './merge.sweeper.js';
export { Merger } from './merger.js';
