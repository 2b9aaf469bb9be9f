import { TestEnvironment } from "jest-environment-node";

/**
 * Jest's environment of Node, which can load several test files one after the other, each into a `describe` block of its
 * own with its own hooks. `describe` itself takes only what is synchronous, and loading a module is not: the block is kept
 * open here until the file is loaded.
 */
export default class GroupEnvironment extends TestEnvironment {
  handleTestEvent(event, state) {
    if (event.name !== "setup") return;
    const { global } = this;
    global.describeFile = async (path, load) => {
      const outer = state.currentDescribeBlock;
      let block;
      global.describe(path, () => {
        block = state.currentDescribeBlock;
      });
      state.currentDescribeBlock = block;
      try {
        await load();
      } catch (error) {
        // A file that cannot be loaded is one failure; the other files of the group run.
        global.test("can be loaded", () => {
          throw error;
        });
      } finally {
        state.currentDescribeBlock = outer;
      }
    };
  }
}
